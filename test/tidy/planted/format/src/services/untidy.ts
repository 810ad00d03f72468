export const  untidy = "double quotes";
